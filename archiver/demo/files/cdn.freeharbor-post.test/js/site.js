// Fill the link blocks that arrive as data, then report the visit.
(function () {
  "use strict";

  function fill(section, items) {
    var list = section.querySelector("ul");
    items.forEach(function (item) {
      var entry = document.createElement("li");
      var link = document.createElement("a");
      var thumb = document.createElement("img");
      var text = document.createElement("span");
      var when = document.createElement("small");
      link.href = item.url;
      thumb.src = "//cdn.freeharbor-post.test/img/" + item.thumb;
      thumb.width = 240;
      thumb.height = 160;
      thumb.alt = "";
      text.textContent = item.title;
      when.textContent = item.when;
      text.appendChild(when);
      link.append(thumb, text);
      entry.appendChild(link);
      list.appendChild(entry);
    });
  }

  document.querySelectorAll("[data-feed]").forEach(function (section) {
    var request = new XMLHttpRequest();
    request.open("GET", section.dataset.feed);
    request.responseType = "json";
    request.onload = function () {
      if (request.status === 200) { fill(section, request.response.items); }
    };
    request.send();
  });

  window.addEventListener("load", function () {
    navigator.sendBeacon("//metrics.counter.test/beacon", JSON.stringify({ page: location.pathname, width: innerWidth }));
  });
})();
