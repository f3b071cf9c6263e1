export { padding, XdrError, XdrReader } from './reader.ts';
export * from './types.ts';
export { type Mark, putSize64, putUint32, type Segment, XdrWriter } from './writer.ts';
