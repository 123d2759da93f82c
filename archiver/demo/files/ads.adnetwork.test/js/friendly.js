// Write an advertisement into a frame that belongs to the page itself.
(function () {
  "use strict";
  var slot = document.querySelector('[data-slot="write"]');
  var frame = document.createElement("iframe");
  frame.title = "advertisement";
  frame.width = "728";
  frame.height = "110";
  frame.scrolling = "no";
  slot.appendChild(frame);
  var page = frame.contentDocument;
  page.open();
  page.write('<!doctype html><html><body style="margin:0;height:110px;display:flex;align-items:center;gap:20px;' +
    'padding:0 22px;box-sizing:border-box;background:#efe6d4;color:#3d3123;font:600 18px/1.35 Georgia,serif">' +
    '<img src="//ads.adnetwork.test/img/rope.svg" width="84" height="84" alt="">' +
    "<p>AD-WRITE: Finchley Ropes hold what you cannot</p></body></html>");
  page.close();
})();
