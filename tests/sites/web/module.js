import { part } from "./part.js";
window.modulePart = part;
import("./part.js?dynamic").then((more) => { window.dynamicPart = more.part; });
