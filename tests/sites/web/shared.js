onconnect = async (event) => {
  const text = await (await fetch("/text?shared-worker")).text();
  event.ports[0].postMessage(text);
};
