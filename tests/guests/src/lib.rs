//! Guests for the tests are the files in `examples/`, one component each; here is nothing.
