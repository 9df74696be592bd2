//! Who may ask, and who is believed to answer.
