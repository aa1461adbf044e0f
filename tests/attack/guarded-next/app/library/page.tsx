export const dynamic = "force-dynamic";

export default function Library() {
  return <p>SECRET of the library</p>;
}
