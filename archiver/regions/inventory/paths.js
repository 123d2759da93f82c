// What is asked of the DOM, past all that a page can put in its way; and the path of an element in the stored DOM.

// A form or a document answers `node.parentNode` with what the page named so; a prototype's getter does not.
const call = Function.prototype.call;
const getter = (type, name) => call.bind(Object.getOwnPropertyDescriptor(type.prototype, name).get);
const method = (type, name) => call.bind(type.prototype[name]);
const parentOf = getter(Node, 'parentNode'), firstOf = getter(Node, 'firstChild'), nextOf = getter(Node,
    'nextSibling');
const typeOf = getter(Node, 'nodeType'), lengthOf = getter(CharacterData, 'length');
const nameOf = getter(Element, 'localName'), attribute = method(Element, 'getAttribute');
const attributeNames = method(Element, 'getAttributeNames'), before = getter(Element, 'previousElementSibling');
const beforeText = getter(CharacterData, 'previousElementSibling'), afterText = getter(CharacterData,
    'nextElementSibling');
const siblingOf = getter(Node, 'previousSibling'), rangeOf = method(Document, 'createRange');
const select = method(Range, 'selectNode'), rangeRect = method(Range, 'getBoundingClientRect');
const shadowOf = getter(Element, 'shadowRoot'), hostOf = getter(ShadowRoot, 'host');
const substring = method(CharacterData, 'substringData'), rectOf = method(Element, 'getBoundingClientRect');
const rectsOf = method(Element, 'getClientRects'), shown = method(Element, 'checkVisibility');
const baseOf = getter(Node, 'baseURI'), titleOf = getter(Document, 'title'), rootOf = getter(Document,
    'documentElement'), all = method(Document, 'querySelectorAll');

const step = (element) => {
  if (typeOf(element) === 3) return textStep(element);
  const name = nameOf(element);
  let number = 1;
  for (let other = before(element); other; other = before(other)) if (nameOf(other) === name) number++;
  return /^[a-z][\w-]*$/.test(name) ? `/${name}[${number}]` :
      `/*[name()='${name.replace(/[^\w:.-]/g, '')}'][${number}]`;
};

// A text that stands in no element of its own.
const textStep = (node) => {
  let number = 1;
  for (let other = siblingOf(node); other; other = siblingOf(other)) if (typeOf(other) === 3) number++;
  return `/text()[${number}]`;
};

const anchor = (element) => {
  if (typeOf(element) === 3) return '';
  const id = attribute(element, 'id');
  if (!id || /["'\\\s]/.test(id) || id.length > 200) return '';
  return all(document, `[id="${id}"]`).length === 1 ? `//*[@id="${id}"]` : '';
};

// A shadow root is stored as its host's first child, a template.
const pathOf = (element) => {
  let path = '';
  for (let node = element; node && typeOf(node) !== 9; node = parentOf(node)) {
    if (typeOf(node) === 11) {
      path = `/template[1]${path}`;
      node = hostOf(node);
    }
    const start = anchor(node);
    if (start) return start + path;
    path = step(node) + path;
    if (path.length > 4000) return '';
  }
  return path;
};
