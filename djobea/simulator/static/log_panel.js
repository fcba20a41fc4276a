// The log of API calls and webhooks, the newest on top.

import { el } from "./dom.js";
import { store } from "./store.js";
import { t } from "./words.js";

const KINDS = ["all", "api", "callback", "inbound"];
const NAMES = { all: "all", api: "api", callback: "callbacks", inbound: "inbound" };
const MOST_ROWS = 120;
let shown = "all";

export function drawLog(node) {
  const again = (kind) => () => { shown = kind; drawLog(node); };
  const rows = store.log.filter((each) => shown === "all" || each.kind === shown).slice(-MOST_ROWS).reverse();
  node.replaceChildren(
    el("div", { class: "filters", role: "group" }, KINDS.map((kind) => el("button", { type: "button", "aria-pressed": String(shown === kind), onclick: again(kind) }, t(NAMES[kind])))),
    rows.length ? el("ol", { class: "log" }, rows.map(row)) : el("p", { class: "note" }, t("nothing_yet")));
}

function row(entry) {
  const isGood = entry.http_status >= 200 && entry.http_status < 300;
  const time = new Date(entry.at * 1000).toLocaleTimeString("fr", { hour12: false });
  const what = entry.kind === "api" ? `${entry.method} ${shortPath(entry.path)}` : `${t(entry.status)} → ${shortUrl(entry.url)}`;
  const tries = entry.tries > 1 ? ` · ${t("try_again", entry.tries)}` : "";
  return el("li", { class: isGood ? "good" : "bad", data: { kind: entry.kind } },
    el("details", {},
      el("summary", {}, el("time", {}, time), el("i", { class: `kind ${entry.kind}` }, t(NAMES[entry.kind])), el("span", { class: "what" }, what), el("b", {}, outcome(entry))),
      el("p", {}, [entry.path ?? entry.url, entry.sid, entry.to, entry.seconds !== undefined && `${entry.seconds} s`].filter(Boolean).join("\n") + tries)));
}

function outcome(entry) {
  if (entry.code) return `${entry.http_status || ""} ${entry.code}`.trim();
  if (entry.http_status) return String(entry.http_status);
  return { ct: t("no_connection"), rt: t("no_answer"), lost: t("lost_on_purpose"), "no webhook": t("no_webhook") }[entry.failure] ?? t("cut");
}

const shortPath = (path) => path.replace(/^\/2010-04-01\/Accounts\/AC[0-9a-f]+/, "").replace(/([A-Z]{2}[0-9a-f]{4})[0-9a-f]{28}/g, "$1…");

function shortUrl(url) {
  try {
    return new URL(url).pathname;
  } catch {
    return url || "–";
  }
}
