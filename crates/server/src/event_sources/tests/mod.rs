//! The engine over a real broker, with a function that does as a test says.
//!
//! Nothing here waits for a clock: the broker's is moved by hand, and so is that of the runtime, which
//! stands still as long as a blocking task runs.

mod batches;
mod failures;
mod life;
mod world;
