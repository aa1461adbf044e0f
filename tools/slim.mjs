// Makes a wasm-bindgen module smaller where neither rustc nor binaryen may: names of imports, and texts of panics.

/** Reads an unsigned LEB128 number; gives it and the offset behind it. */
function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function toLeb(value) {
  const bytes = [];
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, Math.floor(value / 128 ** bytes.length)];
}

/** The sections of a module: id, and offset and length of the content. */
function sections(bytes) {
  const found = [];
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const [length, start] = leb(bytes, at + 1);
    found.push({ id, start, length });
    at = start + length;
  }
  return found;
}

const IMPORTS = 2;
const EXPORTS = 7;
const DATA = 11;

/**
 * Renames all imports to one letter or two in a module without a name.
 *
 * @returns the new module, and for each import its old module and name beside the new name
 */
export function renameImports(bytes) {
  const section = sections(bytes).find(({ id }) => id === IMPORTS);
  const names = [];
  const [count, first] = leb(bytes, section.start);
  const content = [...toLeb(count)];
  let at = first;
  const text = () => {
    const [length, start] = leb(bytes, at);
    at = start + length;
    return Buffer.from(bytes.subarray(start, at)).toString();
  };
  for (let i = 0; i < count; i++) {
    const from = { module: text(), name: text() };
    const to =
      (i >= 26 ? String.fromCharCode(96 + Math.floor(i / 26)) : "") + String.fromCharCode(97 + (i % 26));
    names.push({ ...from, to });
    const start = at;
    if (bytes[at] !== 0) throw new Error(`${from.name}: only functions are imported`);
    [, at] = leb(bytes, at + 1);
    content.push(0, to.length, ...Buffer.from(to), ...bytes.subarray(start, at));
  }
  const end = section.start + section.length;
  const head = bytes.subarray(0, section.start - toLeb(section.length).length);
  return {
    bytes: Buffer.concat([
      head,
      Buffer.from(toLeb(content.length)),
      Buffer.from(content),
      bytes.subarray(end),
    ]),
    names,
  };
}

/** What the standard library and wasm-bindgen say when they panic. */
const PANICS = [
  /\/[\w./-]*\/(?:src|library)\/[\w./-]+\.rs/g,
  /closure invoked recursively or after being dropped/g,
  /RefCell already (?:mutably )?borrowed/g,
  /memory allocation of /g,
  / bytes failed/g,
  /Tried to shrink to a larger capacity/g,
  /capacity overflow/g,
  /(?:0[0-9]|[1-9][0-9])(?:[0-9]{2}){98}[0-9]{2}/g, // two digits each, for numbers in such texts
];

/** Files of the standard library, which is compiled elsewhere: no flag of ours changes what it calls them. */
const STANDARD_LIBRARY = [/\/(?:rustc\/[0-9a-f]{40}\/library|rust\/deps)\/[\w./+-]+?\.rs/g];

/** Overwrites texts in the data of a module with zeros, which binaryen then leaves out. */
function blank(bytes, patterns) {
  const blanked = Buffer.from(bytes);
  for (const { id, start, length } of sections(bytes)) {
    if (id !== DATA) continue;
    const content = blanked.subarray(start, start + length);
    const text = content.toString("latin1");
    for (const pattern of patterns)
      for (const { index, 0: match } of text.matchAll(pattern)) content.fill(0, index, index + match.length);
  }
  return blanked;
}

/** Removes the texts of panics from a module whose panic handler traps without reading them. */
export const blankPanics = (bytes) => blank(bytes, PANICS);

/** Removes where in the standard library a panic was; nothing shows it, for no module has a panic hook. */
export const blankStandardLibrary = (bytes) => blank(bytes, STANDARD_LIBRARY);

/** Leaves out what the linker exports on its own, and renames the other exports to a, b, c, … in their order. */
export function renameExports(bytes) {
  const section = sections(bytes).find(({ id }) => id === EXPORTS);
  const [count, first] = leb(bytes, section.start);
  const content = [];
  const names = [];
  let at = first;
  for (let i = 0; i < count; i++) {
    const [length, start] = leb(bytes, at);
    const name = Buffer.from(bytes.subarray(start, start + length)).toString();
    const kind = start + length;
    [, at] = leb(bytes, kind + 1);
    if (name.startsWith("__")) continue;
    content.push(1, 97 + names.length, ...bytes.subarray(kind, at));
    names.push(name);
  }
  const counted = [...toLeb(names.length), ...content];
  const head = bytes.subarray(0, section.start - toLeb(section.length).length);
  return {
    bytes: Buffer.concat([
      head,
      Buffer.from([...toLeb(counted.length), ...counted]),
      bytes.subarray(section.start + section.length),
    ]),
    names,
  };
}
