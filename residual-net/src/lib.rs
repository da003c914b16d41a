//! Residual servers for networks: tun and bpf. None is written yet; a deployment that names one is refused.
