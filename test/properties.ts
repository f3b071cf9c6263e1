import fc from 'fast-check';

/**
 * fast-check, drawing the same values in each run, so that a test that begins to fail was broken by what changed.
 * `PROPERTY_SEED=random npm test` draws others; a failure prints its seed, which can be given here as a number.
 */
const SEED = process.env.PROPERTY_SEED ?? '1813';
if (SEED !== 'random' && !Number.isInteger(Number(SEED)))
  throw new Error(`PROPERTY_SEED: "${SEED}" is neither a whole number nor "random"`);

fc.configureGlobal(SEED === 'random' ? {} : { seed: Number(SEED) });

export default fc;
