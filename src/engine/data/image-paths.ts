import { realpath, stat } from "node:fs/promises";
import { isAbsolute, posix, relative, resolve, sep, win32 } from "node:path";
import type { ImageFault } from "../image/errors.js";

/** Names that say a file is an image, also of kinds that are refused later, with their reason. */
const EXTENSION = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|svgz?|heic|heif|jxl|jp2|psd|ico)$/i;
const ADDRESS = /^([a-z][a-z0-9+.-]+:\/\/|data:|file:)/i;

export const isImageName = (name: string): boolean => EXTENSION.test(name.trim());

/** What a cell means by an image: a path, or a record with one (`{"path": …}`). */
export function imageName(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() || undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { path, filename, file_name } = value as Record<string, unknown>;
  return [path, filename, file_name].map((v) => (typeof v === "string" ? v.trim() : "")).find((v) => v !== "");
}

/**
 * The file that a relative path names, when it really lies inside `root`: neither `..` nor a symbolic link leads out of it.
 * @param root the real path of the dataset's folder; @param base a folder inside it that paths start from
 */
export async function imageInside(root: string, base: string, name: string | undefined): Promise<{ path: string } | ImageFault> {
  if (name === undefined) return "image-none";
  if (ADDRESS.test(name)) return "image-address";
  if (posix.isAbsolute(name) || win32.isAbsolute(name) || /^[a-z]:/i.test(name)) return "image-absolute";
  // A list that was written on Windows.
  const spelled = sep === "/" && name.includes("\\") ? name.replaceAll("\\", "/") : name;
  const path = resolve(root, base, spelled);
  if (!isInside(root, path)) return "image-outside";
  try {
    const real = await realpath(path);
    if (!isInside(root, real)) return "image-outside";
    return (await stat(real)).isFile() ? { path: real } : "image-missing";
  } catch {
    return "image-missing";
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
