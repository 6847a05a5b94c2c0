//! Raw alert to observations: envelopes, scanner formats, scrubber.
