//! The harness of the models.
