"""Networks that watch the pictures: snippets drawn from coded spans, augmented, trained end to end."""
