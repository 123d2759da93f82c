// Fill the ad slot that is written by script.
(function () {
  "use strict";
  var slot = document.querySelector('[data-slot="script"]');
  slot.style.cssText = "display:flex;align-items:center;gap:18px;padding:18px 24px;border-radius:6px;text-align:left;" +
    "background:linear-gradient(100deg,#3a2418,#8a5326);color:#ffe9c7;font:600 17px/1.35 Georgia,serif";
  slot.innerHTML = '<svg width="46" height="56" viewBox="0 0 46 56" aria-hidden="true"><path d="M23 2 42 30H4z" fill="#ffd27a"/>' +
    '<rect x="20" y="30" width="6" height="18" fill="#d98a3c"/><rect x="9" y="48" width="28" height="6" rx="3" fill="#d98a3c"/></svg><p style="margin:0"></p>';
  slot.querySelector("p").textContent = "AD-SCRIPT: Copperline lamps, so you can read the fine print";
})();
