/** As `--version` and the manual say it; package.json has the same. */
export const VERSION = "0.1.0";
