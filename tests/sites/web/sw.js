// Keeps some answers from its installation on, makes one up, keeps one later, and passes the rest.
const PRECACHED = ["/text?precached", "/picture?precached", "/text?never-asked-for"];

addEventListener("install", (event) => {
  const filled = caches.open("kinds").then((cache) => cache.addAll(PRECACHED));
  event.waitUntil(filled.then(() => skipWaiting()));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function answer(request) {
  const url = new URL(request.url);
  if (url.pathname === "/made-up") return new Response("invented by the worker");
  const cache = await caches.open("kinds");
  const kept = await cache.match(request);
  if (kept) return kept;
  const fetched = await fetch(request);
  if (url.search === "?cached-later") await cache.put(request, fetched.clone());
  return fetched;
}

addEventListener("fetch", (event) => event.respondWith(answer(event.request)));
