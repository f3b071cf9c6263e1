/** What decisions wait for, in milliseconds, and the limits they keep. */

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

/** A node that should take a package has so long before the next one does. */
export const TURN = SECOND;
/** The same where a node is to be put down first: fence commands are slow, and must not run twice. */
export const FENCED_TURN = 20 * SECOND;
/** A node that a package is to move to has so long to get ready. */
export const READY = 10 * SECOND;
/** A node must be alive for so long before packages go back to it. */
export const WELL = 60 * SECOND;
/** Moves are counted for so long... */
export const PERIOD = 10 * MINUTE;
/** ...and a package that has moved so often meanwhile moves no more, unless it is not served where it is. */
export const MOST_MOVES = 4;
/** Where nobody else can take a package, the node that failed tries again after so long... */
export const RETRY = 5 * SECOND;
/** ...and after so long if it has moved too often. */
export const SLOW_RETRY = 30 * SECOND;
/** A process that was prepared in vain is kept for so long, in case that it is wanted after all. */
export const LINGER = 10 * SECOND;
