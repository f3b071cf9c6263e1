export { Callbacks, type CallbackTarget, type CallbackTimes, type Caller } from './callbacks.ts';
export { nlmPrograms } from './program.ts';
