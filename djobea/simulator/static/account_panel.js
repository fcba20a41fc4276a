// The panel of accounts and senders.

import { el, toggle } from "./dom.js";
import { call, store } from "./store.js";
import { clockTime, t } from "./words.js";

export function drawAccount(node) {
  if (node.contains(document.activeElement) && document.activeElement.matches("input[type=number]")) return;
  node.replaceChildren(...store.accounts.map(accountCard));
}

function accountCard(account) {
  const senders = store.senders.filter((each) => each.account_sid === account.sid);
  const { daily_limit: limit, used_today: used } = account;
  const isFull = limit !== null && used >= limit;
  const input = el("input", { type: "number", min: 0, value: limit ?? "", placeholder: t("no_limit"), "aria-label": t("set_limit"), onchange: () => {
    const value = input.value === "" ? null : Number(input.value);
    input.blur();
    call("accounts", { sid: account.sid, daily_limit: value });
  } });
  return el("section", { class: "account" },
    el("h3", {}, account.friendly_name, account.is_trial ? el("small", {}, t("trial")) : null),
    el("p", { class: "sid" }, account.sid),
    el("p", { class: isFull ? "full" : "" }, limit === null ? t("used_unlimited", used) : t("used", used, limit)),
    limit === null ? null : el("progress", { class: isFull ? "full" : "", max: Math.max(limit, 1), value: used, "aria-label": t("used", used, limit) }),
    account.next_free_slot && isFull ? el("p", { class: "note" }, t("next_slot", clockTime(account.next_free_slot))) : null,
    el("label", { class: "line" }, el("span", {}, t("set_limit")), input),
    el("p", { class: "line" }, el("span", {}, t("balance")), el("b", {}, `${account.balance} USD`)),
    el("h4", {}, t("senders")),
    el("ul", { class: "senders" }, senders.map(senderLine)));
}

function senderLine(sender) {
  const isOnline = sender.status.startsWith("ONLINE");
  const state = !sender.is_known ? t("unknown") : isOnline ? t("online") : t("offline");
  return el("li", { class: isOnline && sender.is_known ? "up" : "down" },
    el("div", {}, el("b", {}, sender.address), el("small", {}, state), el("small", { class: "hook" }, sender.callback_url || t("no_webhook"))),
    sender.channel === "whatsapp" ? toggle("", isOnline, (value) => call("senders", { address: sender.address, status: value ? "ONLINE" : "OFFLINE" }), sender.address) : null);
}
