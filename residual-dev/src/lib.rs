//! Residual servers for devices: scsi and the framebuffer. None is written yet; a deployment that names one is refused.
