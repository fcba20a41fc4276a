// One phone: head, settings, chat, and the box to write in.

import { bubble } from "./bubble.js";
import { composer } from "./composer.js";
import { el, icon } from "./dom.js";
import { phoneSettings } from "./phone_settings.js";
import { call, store } from "./store.js";
import { t } from "./words.js";

const MOST_BUBBLES = 200;
const ARRIVED = new Set(["delivered", "read"]);
// Long enough to see the phone ring and the ticks turn from grey to blue.
const LOOK_MS = 1300;

export class PhoneView {
  constructor(phone, { hide }) {
    this.number = phone.number;
    this.hide = hide;
    this.unread = new Set();
    this.isSeen = false;
    this.node = el("article", { class: "phone", data: { phone: phone.number } });
    this.draw();
  }

  get phone() {
    return store.phones.get(this.number);
  }

  draw() {
    const draft = this.node.querySelector(".composer input[type=text]")?.value ?? "";
    const hadSettings = this.settings && !this.settings.hidden;
    this.chat = el("ol", { class: "chat", "aria-live": "polite", "aria-label": this.phone.name, tabIndex: 0 });
    // A picture that comes later must not push the newest message out of sight.
    this.chat.addEventListener("load", () => this.scroll(), true);
    this.badge = el("b", { class: "unread", hidden: true });
    this.settings = phoneSettings(this.phone, this.hide);
    this.settings.hidden = !hadSettings;
    this.sheet = el("div", { class: "sheet", hidden: true });
    this.composer = composer(this.phone, draft);
    this.node.setAttribute("aria-label", `${this.phone.name}, ${this.phone.number}`);
    this.node.classList.toggle("off", !this.phone.on);
    this.node.replaceChildren(el("div", { class: "case" }, this.head(), this.settings, this.chat, this.composer, this.sheet, this.dark()));
    this.fill();
    this.showUnread();
  }

  head() {
    const { phone } = this;
    const more = el("button", { type: "button", class: "more", "aria-label": t("settings"), "aria-expanded": String(!this.settings.hidden), onclick: () => this.toggleSettings(more) }, icon("more"));
    const chips = [["is_off", !phone.on], ["no_whatsapp", !phone.whatsapp], ["blocks", phone.blocks_sender], ["hidden", phone.hides_number]];
    return el("header", { class: "head" },
      el("span", { class: `avatar ${phone.role}`, "aria-hidden": "true" }, initials(phone.name)),
      el("div", { class: "who" }, el("h2", {}, phone.name), el("p", {}, `${spaced(phone.number)} · ${t(phone.role)}`),
        el("p", { class: "chips" }, chips.filter(([, is]) => is).map(([key]) => el("span", {}, t(key))))),
      this.badge, more);
  }

  dark() {
    return el("div", { class: "dark", hidden: this.phone.on }, el("button", { type: "button", onclick: () => call("phones", { number: this.number, on: true }) }, icon("off"), el("span", {}, t("is_off"))));
  }

  toggleSettings(more) {
    this.settings.hidden = !this.settings.hidden;
    more.setAttribute("aria-expanded", String(!this.settings.hidden));
  }

  fill() {
    const mine = [...store.messages.values()].filter((each) => each.phone === this.number).sort((a, b) => a.created - b.created);
    for (const message of mine.slice(-MOST_BUBBLES)) this.chat.append(this.bubble(message));
    if (!mine.length) this.chat.append(el("li", { class: "empty" }, t(this.phone.role === "provider" ? "empty_provider" : "empty_chat")));
    this.unread = new Set(mine.filter((each) => each.direction !== "inbound" && each.status === "delivered").map((each) => each.sid));
    this.scroll();
  }

  bubble(message) {
    return bubble(message, { tap: (from, action) => this.tap(from, { button: action.id || action.title }), openList: (from) => this.openList(from) });
  }

  take({ message, before }) {
    const node = this.bubble(message);
    const old = this.chat.querySelector(`[data-sid="${message.sid}"]`);
    const wasAtEnd = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 120;
    if (old) {
      old.replaceWith(node);
    } else {
      this.chat.querySelector(".empty")?.remove();
      this.insert(node, message.created);
      while (this.chat.children.length > MOST_BUBBLES) this.chat.firstChild.remove();
    }
    if (!old || wasAtEnd) this.scroll();
    const arrives = message.direction !== "inbound" && ARRIVED.has(message.status) && !ARRIVED.has(before?.status);
    if (arrives) this.arrived(message);
    if (message.status === "read") this.unread.delete(message.sid);
    this.showUnread();
  }

  insert(node, created) {
    const later = [...this.chat.children].find((each) => Number(each.dataset.created) > created);
    node.classList.add("new");
    this.chat.insertBefore(node, later ?? null);
  }

  arrived(message) {
    if (message.status === "delivered") this.unread.add(message.sid);
    this.node.classList.remove("ring");
    void this.node.offsetWidth; // starts the animation anew
    this.node.classList.add("ring");
    navigator.vibrate?.(60);
    this.look();
  }

  // The person reads what is on the screen, when the phone is on and somebody can see it.
  look() {
    clearTimeout(this.looking);
    this.looking = setTimeout(() => {
      if (!this.unread.size || !this.isSeen || !this.phone.on || document.hidden) return;
      if (this.phone.read_receipts) call(`phones/${encodeURIComponent(this.number)}/read`, {});
      this.unread.clear();
      this.showUnread();
    }, LOOK_MS);
  }

  showUnread() {
    this.badge.hidden = !this.unread.size;
    this.badge.textContent = this.unread.size;
    this.badge.setAttribute("aria-label", t("unread", this.unread.size));
  }

  tap(message, choice) {
    return call("inbound", { phone: this.number, message_sid: message.sid, ...choice });
  }

  openList(message) {
    const close = () => { this.sheet.hidden = true; };
    this.sheet.replaceChildren(
      el("div", { class: "sheet-head" }, el("h3", {}, message.rich.button || t("choose")), el("button", { type: "button", "aria-label": t("close"), onclick: close }, icon("cross"))),
      el("ul", {}, message.rich.items.map((item) => el("li", {}, el("button", { type: "button", onclick: () => { close(); this.tap(message, { item: item.id || item.item }); } }, el("strong", {}, item.item), item.description && el("small", {}, item.description))))),
    );
    this.sheet.hidden = false;
    this.sheet.querySelector("li button")?.focus();
  }

  scroll() {
    requestAnimationFrame(() => { this.chat.scrollTop = this.chat.scrollHeight; });
  }
}

const initials = (name) => name.split(/\s+/).map((each) => each[0]).join("").slice(0, 2).toUpperCase();

// +237 6 99 00 00 01, as people read it in Cameroon.
export const spaced = (number) => number.replace(/^(\+237)(\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1 $2 $3 $4 $5 $6");
