// The panel of what can go wrong.

import { el, icon } from "./dom.js";
import { call, loadFaults, now, store } from "./store.js";
import { duration, t, titleOf } from "./words.js";

const COMMON = { probability: 1, count: "", duration_seconds: "" };
const CHOICES = { where: ["answer", "callback"], body: ["empty", "no_sid"], channel: ["", "whatsapp", "sms"], http_status: ["500", "502", "503", "504"] };
const opened = new Set();

export function drawFaults(node) {
  const focused = node.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), select");
  if (focused) return; // somebody is typing; the next event draws it
  const top = node.scrollTop;
  node.replaceChildren(
    el("button", { type: "button", class: "primary wide", disabled: !store.faults.length && !store.running.length, onclick: repairAll }, t("repair_all")),
    el("h3", {}, t("scripts")),
    el("div", { class: "scripts" }, store.scripts.map(scriptButton)),
    ...(store.running.length ? [el("div", { class: "running" }, store.running.map(runningScript))] : []),
    el("h3", {}, t("each_fault")),
    el("ul", { class: "faults" }, store.known.map(faultCard)),
  );
  node.scrollTop = top;
}

async function repairAll() {
  await call("faults", undefined, "DELETE");
  await loadFaults();
}

const scriptButton = (script) => el("button", { type: "button", class: "chip", onclick: async () => { await call("script", { name: script.name }); await loadFaults(); } }, icon("play"), titleOf(script.title));

function runningScript(script) {
  const known = store.scripts.find((each) => each.name === script.name);
  return el("p", {}, `${known ? titleOf(known.title) : t("running")} : ${t("step", script.done, script.steps)}`);
}

function faultCard(known) {
  const active = store.faults.find((each) => each.id === known.fault) ?? store.faults.find((each) => each.fault === known.fault);
  const fields = new Map();
  const box = el("input", { type: "checkbox", role: "switch", checked: Boolean(active), name: known.fault, "aria-label": titleOf(known.title), onchange: () => change(known, active, fields, box.checked) });
  const facts = active && [active.hits ? t("hits", active.hits) : t("active"), active.until && t("ends_in", duration(active.until - now()))].filter(Boolean).join(" · ");
  const parameters = { ...known.parameters, channel: "", recipient: "", ...COMMON };
  const body = el("div", { class: "parameters" }, Object.entries(parameters).map(([name, first]) => field(name, active?.[name] ?? first, fields)),
    el("button", { type: "button", class: "quiet", onclick: () => change(known, active, fields, true) }, t("apply")));
  const details = el("details", { open: opened.has(known.fault), ontoggle: () => { details.open ? opened.add(known.fault) : opened.delete(known.fault); } }, el("summary", {}, el("span", {}, titleOf(known.title)), facts && el("small", {}, facts)), body);
  return el("li", { class: active ? "fault active" : "fault", data: { fault: known.fault } }, details, el("label", { class: "toggle" }, box, el("i", { "aria-hidden": "true" })));
}

function field(name, value, fields) {
  let input;
  if (typeof value === "boolean") input = el("input", { type: "checkbox", checked: value });
  else if (CHOICES[name]) input = el("select", {}, CHOICES[name].map((each) => el("option", { value: each, selected: String(value ?? "") === each }, each ? t(each) : t("any"))));
  else input = el("input", { type: typeof value === "number" ? "number" : "text", step: "any", value: value ?? "" });
  if (name === "count" || name === "duration_seconds") input.type = "number";
  fields.set(name, { input, was: value });
  return el("label", {}, el("span", {}, t(name)), input);
}

async function change(known, active, fields, on) {
  const wish = { fault: known.fault, id: active?.id ?? known.fault, on };
  for (const [name, { input, was }] of fields) {
    if (input.type === "checkbox") wish[name] = input.checked;
    else if (input.value === "") continue;
    else wish[name] = typeof was === "number" || input.type === "number" ? Number(input.value) : input.value;
  }
  document.activeElement?.blur();
  await call("faults", on ? wish : { fault: known.fault, id: wish.id, on: false }).finally(loadFaults);
}
