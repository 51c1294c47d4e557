/** Whether the program was started with `RUNGS_DEBUG=1`. */
export const debugging = process.env.RUNGS_DEBUG === '1'
