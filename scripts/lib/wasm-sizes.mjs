// The bytes of each function in a WebAssembly module, by its name, and the module's data.

const CODE = 10;
const DATA = 11;
const CUSTOM = 0;
const IMPORT = 2;
const FUNCTION_NAMES = 1;

/**
 * Reads a module that still has its name section.
 * @param {Buffer} module
 * @returns {{ functions: { name: string, body: Buffer }[], data: Buffer }}
 */
export function readModule(module) {
  const sections = [...sectionsOf(module)];
  const bodies = sections.filter(({ id }) => id === CODE).flatMap(({ bytes }) => bodiesOf(bytes));
  const imported = sections.filter(({ id }) => id === IMPORT).reduce((sum, { bytes }) => sum + importedFunctions(bytes), 0);
  const names = sections.filter(({ id }) => id === CUSTOM).map(({ bytes }) => namesOf(bytes)).find((found) => found.size > 0);
  const functions = bodies.map((body, index) => ({ name: names?.get(imported + index) ?? "", body }));
  return { functions, data: Buffer.concat(sections.filter(({ id }) => id === DATA).map(({ bytes }) => bytes)) };
}

/** @param {Buffer} module */
function* sectionsOf(module) {
  const reader = new Reader(module, 8);
  while (!reader.isDone()) {
    const id = reader.byte();
    yield { id, bytes: reader.bytes(reader.number()) };
  }
}

/** @param {Buffer} bytes */
function bodiesOf(bytes) {
  const reader = new Reader(bytes);
  return Array.from({ length: reader.number() }, () => reader.bytes(reader.number()));
}

/**
 * wasm-bindgen imports only functions. Any other import would shift the function indices.
 * @param {Buffer} bytes
 */
function importedFunctions(bytes) {
  const reader = new Reader(bytes);
  const count = reader.number();
  let functions = 0;
  for (let index = 0; index < count; index += 1) {
    reader.bytes(reader.number());
    reader.bytes(reader.number());
    const kind = reader.byte();
    if (kind === 0) functions += 1;
    reader.skipType(kind);
  }
  return functions;
}

/** @param {Buffer} bytes @returns {Map<number, string>} */
function namesOf(bytes) {
  const reader = new Reader(bytes);
  if (reader.bytes(reader.number()).toString() !== "name") return new Map();
  while (!reader.isDone()) {
    const id = reader.byte();
    const part = new Reader(reader.bytes(reader.number()));
    if (id !== FUNCTION_NAMES) continue;
    const count = part.number();
    /** @type {[number, string][]} */
    const names = [];
    for (let index = 0; index < count; index += 1) {
      const number = part.number();
      names.push([number, part.bytes(part.number()).toString()]);
    }
    return new Map(names);
  }
  return new Map();
}

class Reader {
  /** @param {Buffer} buffer */
  constructor(buffer, at = 0) {
    this.buffer = buffer;
    this.at = at;
  }

  isDone() {
    return this.at >= this.buffer.length;
  }

  byte() {
    return this.buffer[this.at++] ?? 0;
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
  }

  /** @param {number} length */
  bytes(length) {
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  /** Skips an import's type, whose encoding depends on the import's kind. @param {number} kind */
  skipType(kind) {
    if (kind === 0) this.number();
    else if (kind === 1) {
      this.byte();
      this.skipLimits();
    } else if (kind === 2) this.skipLimits();
    else this.bytes(2);
  }

  skipLimits() {
    const flags = this.byte();
    this.number();
    if (flags % 2 === 1) this.number();
  }
}
