// The dialog that puts another phone on the screen.

import { el, icon } from "./dom.js";
import { spaced } from "./phone.js";
import { call, store } from "./store.js";
import { t } from "./words.js";

const MOST_FOUND = 30;
const ROLES = ["customer", "provider", "staff"];

export function openAddPhone(dialog, shown, show) {
  const list = el("ul", { class: "found" });
  const search = el("input", { type: "search", placeholder: t("search"), "aria-label": t("search"), oninput: () => drawFound() });
  const drawFound = () => {
    const wanted = search.value.toLowerCase().replace(/\s/g, "");
    const found = [...store.phones.values()].filter((each) => `${each.name}${each.number}`.toLowerCase().replace(/\s/g, "").includes(wanted));
    list.replaceChildren(...found.slice(0, MOST_FOUND).map((phone) => line(phone, shown, (number) => { dialog.close(); show(number); })));
  };
  dialog.replaceChildren(
    el("div", { class: "dialog-head" }, el("h2", {}, t("add_title")), el("button", { type: "button", "aria-label": t("close"), onclick: () => dialog.close() }, icon("cross"))),
    search, list, newPhone(dialog, show));
  drawFound();
  dialog.showModal();
}

function line(phone, shown, choose) {
  const isShown = shown.includes(phone.number);
  return el("li", {}, el("button", { type: "button", onclick: () => choose(phone.number) },
    el("span", { class: `avatar small ${phone.role}`, "aria-hidden": "true" }, phone.name[0].toUpperCase()),
    el("span", {}, el("b", {}, phone.name), el("small", {}, `${spaced(phone.number)} · ${t(phone.role)}`)),
    el("em", {}, isShown ? t("shown") : t("show"))));
}

function newPhone(dialog, show) {
  const name = el("input", { name: "name", required: true, maxLength: 40, autocomplete: "off" });
  const number = el("input", { name: "number", required: true, pattern: "\\+[1-9][0-9 ]{6,18}", placeholder: "+237 6 99 00 00 09", autocomplete: "off" });
  const role = el("select", { name: "role" }, ROLES.map((each) => el("option", { value: each }, t(each))));
  return el("form", { class: "new-phone", onsubmit: async (event) => {
    event.preventDefault();
    const phone = await call("phones", { number: number.value.replace(/ /g, ""), name: name.value.trim(), role: role.value });
    store.phones.set(phone.number, phone);
    dialog.close();
    show(phone.number);
  } },
    el("h3", {}, t("new_phone")),
    el("label", {}, t("name"), name), el("label", {}, t("number"), number), el("label", {}, t("role"), role),
    el("button", { type: "submit", class: "primary" }, t("create")));
}
