export const levels = ["enforcing", "warning", "disabled"] as const;
export type Level = (typeof levels)[number];
