/** A setting that cannot be used. The message is for the administrator and says what to write instead. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
