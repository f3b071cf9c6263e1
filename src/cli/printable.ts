/** What came from the network, for a terminal: what would move its cursor, or begin a line, is told in hex. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
