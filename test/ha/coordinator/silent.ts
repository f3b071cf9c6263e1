import type { Logger } from '../../../src/common/log.ts';

export const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
