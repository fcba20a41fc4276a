// Small tools for building the page. Text always enters as text, never as HTML.

export function el(name, facts = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "class") node.className = value;
    else if (key in node && !key.startsWith("aria") && key !== "list") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return node;
}

export function icon(name, label) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  node.classList.add("icon", `icon-${name}`);
  if (label) {
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", label);
  } else {
    node.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  node.append(use);
  return node;
}

// A switch: a checkbox that looks like one.
export function toggle(label, checked, change, name) {
  const box = el("input", { type: "checkbox", role: "switch", checked, name, "aria-label": label ? undefined : name, onchange: () => change(box.checked) });
  return el("label", { class: "toggle" }, el("span", {}, label), box, el("i", { "aria-hidden": "true" }));
}

let toastTimer;
export function toast(text) {
  const node = document.querySelector(".toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 5000);
}
