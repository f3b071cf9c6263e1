export { Monitors } from './monitors.ts';
export { Notifier, type NotifierTimes } from './notifier.ts';
export { nsmProgram } from './program.ts';
export type { RebootListener, StatusService } from './service.ts';
