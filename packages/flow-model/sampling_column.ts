/** The name of the further column that takes sampling rates: one packet in so many was looked at. */
export const SAMPLING_COLUMN = "samplingRate";
