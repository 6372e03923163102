/** Requests that a run sends beside the platform's ordinary tests; CI sends these, and any other number is a setting. */
const USUAL = 10_000;

/** How many requests are sent in all: HUTONG_TEST_FUZZ_REQUESTS. */
export const fuzzRequests = Math.max(Number(process.env.HUTONG_TEST_FUZZ_REQUESTS ?? USUAL) || USUAL, 1);
