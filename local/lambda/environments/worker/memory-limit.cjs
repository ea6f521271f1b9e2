// Limits the memory of a function, including buffers: they are outside V8's heap, so the resource limits of a thread
// do not count them. A function that exceeds its memory is killed, as on Lambda.
'use strict';

const v8 = require('node:v8');
const vm = require('node:vm');

/**
 * How often memory is checked regardless of constructors. Downloads and files that are read allocate memory without
 * calling one.
 */
const WATCH_MILLIS = 100;
/** How much may be allocated between two checks. */
const LOOK_BYTES = 4 * 1024 * 1024;

const TYPED_ARRAYS = [
  ...[
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
  ],
  ...['Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
];

/** @param die ends the environment immediately: `die('signal: killed')`. */
function limitMemory(limitBytes, die) {
  const { getHeapStatistics, setFlagsFromString } = v8;
  const used = () => {
    const { used_heap_size, external_memory } = getHeapStatistics();
    return used_heap_size + external_memory;
  };
  let collect;
  const look = (more) => {
    if (used() + more <= limitBytes) return;
    setFlagsFromString('--expose-gc');
    collect ??= vm.runInNewContext('gc');
    // Garbage does not count, so collect it first. The second run frees what the first one has found.
    collect();
    collect();
    if (used() + more > limitBytes) die('signal: killed');
  };
  let sinceLook = 0;
  const allocating = (bytes) => {
    if (!(bytes > 0)) return;
    sinceLook += bytes;
    if (sinceLook < LOOK_BYTES) return;
    sinceLook = 0;
    look(bytes);
  };
  watchConstructors(allocating);
  watchBuffers(allocating);
  setInterval(() => look(0), WATCH_MILLIS).unref();
}

function watchConstructors(allocating) {
  const watch = (owner, name, bytesOf) => {
    const Original = owner[name];
    const watched = new Proxy(Original, {
      construct(_target, args, newTarget) {
        allocating(bytesOf(args[0], Original));
        return Reflect.construct(Original, args, newTarget === watched ? Original : newTarget);
      },
    });
    Object.defineProperty(owner, name, { value: watched, writable: true, configurable: true });
    Object.defineProperty(Original.prototype, 'constructor', { value: watched });
  };
  watch(globalThis, 'ArrayBuffer', Number);
  watch(globalThis, 'SharedArrayBuffer', Number);
  for (const name of TYPED_ARRAYS.filter((known) => known in globalThis))
    watch(globalThis, name, bytesOfElements);
  watch(WebAssembly, 'Memory', ({ initial = 0 } = {}) => initial * 65_536);
}

function bytesOfElements(source, { BYTES_PER_ELEMENT }) {
  if (typeof source === 'number') return source * BYTES_PER_ELEMENT;
  // A view of a buffer takes no memory of its own; a copy of an array does.
  return typeof source?.length === 'number' ? source.length * BYTES_PER_ELEMENT : 0;
}

function watchBuffers(allocating) {
  const sizes = {
    alloc: (size) => size,
    allocUnsafe: (size) => size,
    allocUnsafeSlow: (size) => size,
    from: (source) => (source instanceof ArrayBuffer ? 0 : source?.length),
    concat: (list, length) => length ?? list?.reduce?.((sum, { length: more }) => sum + more, 0),
  };
  for (const [name, bytesOf] of Object.entries(sizes)) {
    const original = Buffer[name];
    Buffer[name] = function (...args) {
      allocating(bytesOf(...args));
      return original.apply(this, args);
    };
  }
}

module.exports = { limitMemory };
