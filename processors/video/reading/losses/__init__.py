"""Lost and damaged parts of a video, and their places."""
