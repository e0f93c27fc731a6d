// Failures that the user can fix: one sentence, exit code 1, no stack trace. Any other error is a
// bug in the scripts and keeps its stack.

export class Failure extends Error {}

/** Runs a script and prints a Failure as its sentence. @param {() => Promise<void>} work */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  }
}
