import { MemoryState } from '../../src/state/index.ts';
import { stateSuite } from './suite.ts';

stateSuite({ name: 'memory', make: async () => new MemoryState() });
