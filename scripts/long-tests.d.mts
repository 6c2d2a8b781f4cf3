export const longTests: readonly string[];
export function leftOutOn(day: Date): readonly string[];
