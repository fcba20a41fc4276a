"use strict";
// What the theme's widgets leave unsaid to those who hear a page: the search boxes of autocompletes get their field's name.
(() => {
  const name = () => {
    for (const box of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      const select = box.closest(".select2-container")?.previousElementSibling;
      const label = select?.labels?.[0]?.textContent.trim().replace(/\s*\*$/, "");
      if (label) box.setAttribute("aria-label", label);
    }
  };
  window.addEventListener("load", name);
  document.addEventListener("focusin", name);
})();
