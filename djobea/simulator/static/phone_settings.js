// The switches of a phone.

import { el, toggle } from "./dom.js";
import { call, now } from "./store.js";
import { duration, t } from "./words.js";

const SWITCHES = ["on", "whatsapp", "blocks_sender", "hides_number", "read_receipts"];
const DAY = 86400;

export function phoneSettings(phone, hide) {
  const change = (name) => (value) => call("phones", { number: phone.number, [name]: value });
  const wrote = Math.max(0, ...Object.values(phone.last_wrote));
  const left = wrote + DAY - now();
  return el("div", { class: "settings" },
    SWITCHES.map((name) => toggle(t(name), phone[name], change(name), name)),
    el("p", { class: `window ${left > 0 ? "open" : ""}` }, left > 0 ? t("window_open", duration(left)) : t("window_closed")),
    el("div", { class: "row" },
      el("button", { type: "button", class: "quiet", disabled: !phone.on || !phone.whatsapp, onclick: () => call("inbound", { phone: phone.number, text: "STOP" }) }, t("write_stop")),
      el("button", { type: "button", class: "quiet", onclick: () => hide(phone.number) }, t("hide_phone"))),
  );
}
