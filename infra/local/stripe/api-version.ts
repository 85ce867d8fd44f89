/** The one API version whose shapes this stand-in speaks: the version that stripe-node 23.1.0 pins. */
export const API_VERSION = '2026-10-28.endive';
