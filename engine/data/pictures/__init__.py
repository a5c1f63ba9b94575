"""Pictures as samples: MNIST's IDX files, CIFAR-10's binary files, and folders or zip archives of class folders. No torch."""
