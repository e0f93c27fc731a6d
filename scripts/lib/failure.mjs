// Failures that the user can do something about: one sentence, exit code 1, no stack trace.
// Any other error is a fault of the scripts themselves and keeps its stack.

export class Failure extends Error {}

/** Runs a script's work and turns a Failure into its sentence. @param {() => Promise<void>} work */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  }
}
