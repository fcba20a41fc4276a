"use strict";
// What the theme's widgets leave unsaid to those who hear a page: the search boxes of autocompletes get their field's name.
(() => {
  let count = 0;
  const labelOf = (part) => part.closest(".select2-container")?.previousElementSibling?.labels?.[0];
  const name = () => {
    for (const box of document.querySelectorAll(".select2-selection--single:not([data-named])")) {
      const label = labelOf(box);
      if (!label) continue;
      label.id ||= `dj-label-${++count}`;
      box.dataset.named = "";
      box.setAttribute("aria-labelledby", `${label.id} ${box.getAttribute("aria-labelledby") ?? ""}`.trim());
      box.querySelector("[role=textbox]")?.setAttribute("aria-labelledby", label.id);
    }
    for (const box of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      const label = labelOf(box)?.textContent.trim().replace(/\s*\*$/, "");
      if (label) box.setAttribute("aria-label", label);
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    name();
    // Autocompletes come when their own script is ready, and with every row that is added.
    new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  });
})();
