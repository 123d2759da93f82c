// The distinct classes and ids of one frame's document, for rules of filter lists that are about elements.
//
// Called in an isolated world with limits, it returns [classes, ids, whether there were more].
(options) => {
  'use strict';

  // As in inventory/paths.js: what the page names `nextNode` or `getAttribute` is not asked.
  const call = Function.prototype.call, method = (type, name) => call.bind(type.prototype[name]);
  const walker = method(Document, 'createTreeWalker'), next = method(TreeWalker, 'nextNode');
  const attribute = method(Element, 'getAttribute');

  const until = performance.now() + options.maxMs;
  const classes = new Set(), ids = new Set(), walk = walker(document, document, NodeFilter.SHOW_ELEMENT);
  let more = false;
  const take = (names, name) => {
    if (!name || name.length > options.maxLength || names.has(name)) return;
    if (names.size < options.maxNames) names.add(name);
    else more = true;
  };

  let seen = 0, node;
  while ((node = next(walk))) {
    if (more || ++seen > options.maxElements || (seen % 256 === 0 && performance.now() > until)) break;
    const given = attribute(node, 'class');
    if (given) for (const name of given.slice(0, options.maxAttribute).split(/\s+/)) take(classes, name);
    take(ids, attribute(node, 'id'));
  }
  return [[...classes], [...ids], more || Boolean(node)];
}
