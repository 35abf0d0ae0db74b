"""Xiaofu in containers: the image, the compose stack's secrets and preparation, and the story told against it."""
