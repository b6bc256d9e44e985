//! A simulated Looker that speaks API 4.0 over HTTP.
