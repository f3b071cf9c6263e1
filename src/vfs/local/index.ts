export { DescriptorBudget } from './descriptors.ts';
export { LocalFileSystem } from './file-system.ts';
export { asServer } from './identity.ts';
export { capabilities, type LocalOptions, openLocalFileSystem } from './open.ts';
