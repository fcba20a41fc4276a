// One message as the phone shows it.

import { el, icon } from "./dom.js";
import { clockTime, t } from "./words.js";

const LINK = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/g;
const MARKS = /(\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~)/g;
const MARK_TAGS = { "*": "strong", _: "em", "~": "s" };
const WAITING = new Set(["queued", "accepted", "scheduled", "sending", "sent"]);

// WhatsApp's own marks and links, as nodes.
export function richText(text, withMarks) {
  const nodes = [];
  for (const [index, part] of text.split(LINK).entries()) {
    if (index % 2) nodes.push(el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part));
    else if (withMarks) nodes.push(...marked(part));
    else nodes.push(part);
  }
  return nodes;
}

function marked(text) {
  return text.split(MARKS).map((part, index) => (index % 2 ? el(MARK_TAGS[part[0]], {}, part.slice(1, -1)) : part));
}

function ticks(message) {
  const status = message.status;
  if (message.direction === "inbound") return inboundTicks(message);
  if (status === "failed" || status === "undelivered") {
    const code = message.error_code ? String(message.error_code) : "";
    return el("span", { class: "ticks bad", title: message.error_message ?? "" }, icon("alert", `${t(status)} ${code}`), code && el("b", {}, code));
  }
  const name = status === "delivered" || status === "read" ? "checks" : status === "sent" ? "check" : "clock";
  return el("span", { class: `ticks ${status}`, title: t(status) }, icon(name, t(status)));
}

function inboundTicks(message) {
  const last = message.callbacks.at(-1);
  if (!last) return el("span", { class: "ticks queued", title: t("on_its_way") }, icon("clock", t("on_its_way")));
  if (message.error_code) {
    const why = `${t("not_taken")} (${message.error_code})`;
    return el("span", { class: "ticks bad", title: why }, icon("alert", why), el("b", {}, String(message.error_code)));
  }
  return el("span", { class: "ticks delivered", title: t("taken") }, icon("checks", t("taken")));
}

function mediaNodes(message) {
  return message.media.map((medium) => {
    if (medium.external_url) return el("a", { class: "file", href: medium.external_url, target: "_blank", rel: "noopener noreferrer" }, icon("link"), t("document"));
    const url = `/control/media/${message.sid}/${medium.sid}`;
    if (medium.content_type.startsWith("image/")) return el("img", { class: "picture", src: url, alt: t("photo"), loading: "lazy" });
    if (medium.content_type.startsWith("audio/")) return el("audio", { src: url, controls: true, preload: "none", "aria-label": t("voice_note") });
    return el("a", { class: "file", href: url, target: "_blank", rel: "noopener" }, icon("link"), t("document"));
  });
}

function place(rich) {
  const name = [rich.label, rich.address].filter(Boolean).join(", ") || t("open_map");
  return el("div", { class: "place" }, el("span", { class: "map", "aria-hidden": "true" }, icon("pin")), el("span", {}, name), el("small", {}, `${rich.latitude}, ${rich.longitude}`));
}

function choices(message, tap, openList) {
  const { rich } = message;
  if (!rich) return [];
  const canTap = message.status === "delivered" || message.status === "read";
  if (rich.items) {
    return [el("button", { type: "button", class: "choice", disabled: !canTap, onclick: () => openList(message) }, icon("list"), rich.button || t("choose"))];
  }
  return (rich.actions ?? []).map((action) => {
    if (action.url) return el("a", { class: "choice", href: safeUrl(action.url), target: "_blank", rel: "noopener noreferrer" }, icon("link"), action.title);
    if (action.phone) return el("a", { class: "choice", href: `tel:${action.phone}` }, icon("phone"), action.title);
    return el("button", { type: "button", class: "choice", disabled: !canTap, onclick: () => tap(message, action) }, icon("reply"), action.title);
  });
}

const safeUrl = (text) => (/^https?:\/\//i.test(text) ? text : "#");

export function bubble(message, { tap, openList }) {
  const mine = message.direction === "inbound";
  const isSms = message.channel === "sms";
  const kinds = ["bubble", mine ? "mine" : "theirs", isSms ? "sms" : "wa"];
  if (!mine && (WAITING.has(message.status) || message.error_code)) kinds.push("ghost");
  const text = message.body && el("p", { class: "text" }, richText(message.body, !isSms));
  return el("li", { class: kinds.join(" "), data: { sid: message.sid, status: message.status, channel: message.channel, created: message.created } },
    el("div", { class: "body" },
      isSms && el("span", { class: "via" }, `${t("sms")} · ${mine ? message.to : message.from}`),
      message.rich?.type === "location" || message.rich?.type === "twilio/location" ? place(message.rich) : null,
      mediaNodes(message),
      text,
      el("span", { class: "meta" }, el("time", {}, clockTime(message.created)), ticks(message)),
    ),
    choices(message, tap, openList),
  );
}
