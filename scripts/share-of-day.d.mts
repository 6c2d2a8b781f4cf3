export const isWhole: boolean;
export function shareOf<T>(all: readonly T[], parts: number, day: Date): readonly T[];
export const longTests: readonly string[];
export function leftOutOn(day: Date): readonly string[];
