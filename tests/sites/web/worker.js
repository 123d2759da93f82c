if (typeof importScripts === "function" && !location.search) importScripts("/plain-worker.js");
const asked = ["/text?worker", `${location.protocol}//other.test/text?worker`, "/echo?worker"];
const options = (path) => (path.startsWith("/echo") ? { method: "POST", body: "from a worker" } : {});
Promise.all(asked.map((path) => fetch(path + location.search.replace("?", "-"), options(path)).then((a) => a.text())))
  .then((texts) => postMessage(texts.length));
